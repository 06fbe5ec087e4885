"use strict";
// Everything is written as text, never as markup. Rates are by the service's own clock.
const POLL_MS = 2000, WINDOW_SECONDS = 10, MINUTE = 60, HOUR = 3600, SPAN_MIN = 300;
const LIMITS = { sink: "the sink", cpu: "the CPU", memory: "the budget", objects: "open objects", messages: "messages held", queue: "nothing" };
const PAGE = "docs/runbook.md#";
const samples = [];
const at = (id) => document.getElementById(id);
const say = (id, text) => { at(id).textContent = text; };

function short(value) {
  for (const [size, sign] of [[1e9, " G"], [1e6, " M"], [1e4, " k"]]) if (value >= size) return (value / (size === 1e4 ? 1e3 : size)).toFixed(1) + sign;
  return value >= 100 || Number.isInteger(value) ? Math.round(value).toString() : value.toFixed(1);
}
const bytes = (value) => value >= 1e9 ? (value / 1e9).toFixed(1) + " GB" : value >= 1e6 ? (value / 1e6).toFixed(1) + " MB" : value ? (value / 1e3).toFixed(1) + " kB" : "0";
const seconds = (value) => value === null ? "–" : value === 0 ? "0 s" : value < 1 ? Math.round(value * 1000) + " ms" : value < 120 ? value.toFixed(1) + " s" : value < 7200 ? Math.round(value / 60) + " min" : value < 172800 ? Math.round(value / 3600) + " h" : Math.round(value / 86400) + " d";
const ago = (value) => value === null ? "–" : seconds(value) + " ago";
const plural = (value, noun) => short(value) + " " + noun + (value === 1 ? "" : "s");
const sum = (rows) => Object.values(rows || {}).reduce((all, one) => all + one, 0);
const first = (key) => key.split(",")[0];
const last = (key) => key.split(",").pop();

function grouped(rows, by) {
  const out = {};
  for (const [key, value] of Object.entries(rows || {})) out[by(key)] = (out[by(key)] || 0) + value;
  return out;
}
function before(secondsAgo) {
  const now = samples[samples.length - 1];
  return samples.find((each) => each.at >= now.at - secondsAgo) || now;
}
function rate(read) {
  const now = samples[samples.length - 1], then = before(WINDOW_SECONDS);
  return now.at > then.at ? (read(now) - read(then)) / (now.at - then.at) : 0;
}
function mean(names) {
  const now = samples[samples.length - 1], old = before(MINUTE);
  let count = 0, time = 0;
  for (const name of names.filter((each) => each in now.timings)) {
    const since = old === now ? { count: 0, seconds: 0 } : old.timings[name] || { count: 0, seconds: 0 };
    count += now.timings[name].count - since.count;
    time += now.timings[name].seconds - since.seconds;
  }
  return count ? time / count : null;
}

function table(id, heads, rows) {
  const lines = [];
  const line = (cells, kind, name) => {
    const row = document.createElement("tr");
    if (name) row.className = name;
    for (const text of cells) row.appendChild(document.createElement(kind)).textContent = text;
    lines.push(row);
  };
  if (rows.length === 0) line(["none"], "td", "none");
  else {
    if (heads) line(heads, "th");
    for (const row of rows) line(row.cells, "td", row.bad ? "bad" : "");
  }
  at(id).replaceChildren(...lines);
}
const counts = (id, rows, bad) => table(id, null, Object.entries(rows).sort((a, b) => b[1] - a[1]).map(([name, value]) => ({ cells: [name, short(value)], bad })));

// What is wrong, the urgent first, each with its heading of the runbook; else that nothing is.
function troubles(now, fault) {
  const rows = now.troubles || [], urgent = rows.some((each) => each.is_urgent);
  const line = (text, kind, page) => {
    const item = document.createElement("li");
    item.className = kind;
    item.appendChild(document.createElement("span")).textContent = text;
    if (page) item.appendChild(document.createElement("small")).textContent = PAGE + page;
    return item;
  };
  const lines = rows.map((each) => line(each.text, each.is_urgent ? "urgent" : "", each.page));
  if (!lines.length) lines.push(fault ? line(fault, "") : line("Nothing is wrong.", "fine"));
  if (JSON.stringify(lines.map((each) => each.textContent)) !== JSON.stringify([...at("troubles").children].map((each) => each.textContent))) at("troubles").replaceChildren(...lines);
  at("troubles-section").className = urgent ? "urgent" : "";
}

function show(now) {
  const { counters, gauges } = now;
  const paused = Object.keys(gauges.sink_paused || {}).filter((name) => gauges.sink_paused[name]);
  const fault = paused.length ? "sink paused: " + paused.join(", ") : now.not_ready;
  const urgent = Boolean(fault) || (now.troubles || []).some((each) => each.is_urgent);
  say("state", fault || (urgent ? "in trouble" : "ready"));
  at("state").className = "state " + (urgent ? "bad" : "good");
  document.title = (urgent ? "! " : "") + "ingestd";
  const me = now.service;
  say("who", me ? me.host + " · " + me.version + " · up " + seconds(me.up_seconds) : "");
  troubles(now, fault);

  const one = (name) => (gauges[name] || {})[""] ?? null;
  say("lines", short(rate((each) => sum(each.counters.lines_read))));
  say("bytes", bytes(rate((each) => each.counters.bytes.decoded || 0)) + "/s of log");
  const taken = sum(gauges.in_flight_bytes), whole = sum(gauges.budget_bytes);
  say("budget", whole ? Math.round(100 * taken / whole) + " %" : "–");
  at("budget-meter").value = whole ? taken / whole : 0;
  const limit = now.limited_by || "–", shares = gauges.limited_by || {};
  say("limit", LIMITS[limit] || limit);
  say("limit-share", paused.length ? "it is paused" : limit in shares ? Math.round(100 * shares[limit]) + " % of the last minute" : "");
  at("limit-tile").className = limit === "sink" ? "tile bad" : "tile";
  say("drain", paused.length ? "–" : seconds(one("drain_seconds")));  // by the rate of before, which nobody knows to come again
  say("depth", one("queue_messages") === null ? "the queue has not told" : plural(one("queue_messages"), "message"));
  say("oldest", seconds(one("oldest_message_seconds")));
  say("messages", short(sum(gauges.messages_in_flight)) + " held here");
  say("cost", now.dollars_per_gb ? "$" + now.dollars_per_gb.toPrecision(2) : "–");
  say("cpu", one("cpu_seconds_per_gb") === null ? "" : one("cpu_seconds_per_gb").toFixed(1) + " CPU-s on Fargate");
  say("event-late", seconds(mean(["event_to_settled"])));
  const here = mean(["end_to_end"]);
  say("late", here === null ? "mean of the last minute" : "of it " + seconds(here) + " here");
  say("request", seconds(mean(Object.keys(now.timings).filter((name) => name.startsWith("sink_")))));
  say("dead-total", "in an hour; " + short(sum(counters.dead_letters)) + " since the start");

  const names = Object.keys(gauges.permits || {}).sort();
  table("sinks", ["sink", "state", "permits", "requests/s", "documents/s", "sent again", "waiting", "there already", "refused"], names.map((name) => {
    const of = (counter) => grouped(Object.fromEntries(Object.entries(counters[counter]).filter(([key]) => first(key) === name)), last);
    const isPaused = Boolean(gauges.sink_paused[name]), documents = of("documents");
    const share = (counter, outcome) => rate((each) => Object.entries(each.counters[counter]).filter(([key]) => first(key) === name && (!outcome || last(key) === outcome)).reduce((all, [, value]) => all + value, 0));
    return { bad: isPaused, cells: [name, isPaused ? "paused" : "open", short(gauges.permits[name]), share("requests").toFixed(1), short(share("documents", "accepted")), short(sum(of("retries"))), bytes(gauges.retry_bytes[name]), short(documents.duplicate || 0), short(documents.refused || 0)] };
  }));
  const formats = Object.keys(grouped(counters.lines_read, first)).sort();
  table("formats", ["format", "lines/s", "lines", "accepted", "there already", "dead letters", "read slowly", "new columns"], formats.map((name) => {
    const outcome = (wanted) => counters.lines[name + "," + wanted] || 0;
    return { cells: [name, short(rate((each) => each.counters.lines_read[name] || 0)), ...[counters.lines_read[name], outcome("accepted"), outcome("duplicate"), outcome("dead_lettered"), counters.fallback_lines[name] || 0, counters.format_drift[name] || 0].map(short)] };
  }));
  table("sources", ["source", "", "last object", "newest event", "longest pause", "format", "objects"], (now.sources || []).map((each) => ({
    bad: each.is_silent, cells: [each.bucket + "/" + each.prefix, each.is_silent ? "silent" : "", ago(each.ago_seconds), ago(each.newest_event_seconds ?? null), seconds(each.pause_seconds), each.format, short(each.objects)],
  })));
  counts("rejects", Object.fromEntries(Object.entries(counters.rejects || {}).map(([key, value]) => [key.replace(",", ": "), value])), true);
  const silent = (now.sources || []).filter((each) => each.is_silent).length;
  say("silent", (now.sources || []).length ? silent + " of " + now.sources.length : "–");
  at("silent-tile").className = silent ? "tile bad" : "tile";
  table("reasons", ["reason", "letters", "newest", "in", ""], Object.entries(counters.dead_letters).sort((a, b) => b[1] - a[1]).map(([name, value]) => {
    const place = (now.dead_places || {})[name];
    return { bad: true, cells: [name, short(value), ...(place ? [ago(place.ago_seconds), place.where, place.spot] : ["", "", ""])] };
  }));
  counts("retries", grouped(counters.retries, last));
  counts("objects", counters.objects);
  counts("ends", counters.messages);
}

function chart(points) {
  const steps = [];
  for (let index = 1; index < points.length; index++) {
    const [t0, l0, , d0] = points[index - 1], [t1, l1, , d1] = points[index];
    if (t1 > t0) steps.push([t1, Math.max(l1 - l0, 0) / (t1 - t0), d1 > d0, t0]);
  }
  const peak = Math.max(...steps.map((each) => each[1]), 0);
  say("peak", steps.length ? "peak " + short(peak) : "the first points come in a quarter of a minute");
  const dead = sum(samples[samples.length - 1].counters.dead_letters) - (points.length > 240 ? points[0][3] : 0);
  say("dead", short(dead));
  at("dead-tile").className = dead ? "tile bad" : "tile";
  at("dead-mark").hidden = !steps.some((each) => each[2]);
  if (!steps.length) return;
  const end = steps[steps.length - 1][0], span = Math.min(Math.max(end - points[0][0], SPAN_MIN), HOUR);
  say("since", span === HOUR ? "an hour ago" : Math.round(span / MINUTE) + " min ago");
  const across = (time) => (720 * (1 - (end - time) / span)).toFixed(1);
  const place = ([time, value]) => across(time) + " " + (154 - 146 * (peak ? value / peak : 0)).toFixed(1);
  const path = (d, kind) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "path");
    made.setAttribute("d", d);
    if (kind) made.setAttribute("class", kind);
    return made;
  };
  at("chart").replaceChildren(
    path("M" + place([steps[0][0], 0]) + "L" + steps.map(place).join("L") + "L" + place([end, 0]) + "Z"),
    path(steps.filter((each) => each[2]).map((each) => "M" + across(each[3]) + " 158H" + across(each[0])).join("") || "M0 0", "dead"),
  );
}

async function poll() {
  try {
    const [stats, history] = await Promise.all(["/stats", "/history"].map(async (path) => {
      const answer = await fetch(path, { cache: "no-store" });
      if (!answer.ok) throw new Error("status " + answer.status);
      return answer.json();
    }));
    samples.push(stats);
    while (samples[0].at < stats.at - MINUTE - 5) samples.shift();
    show(stats);
    chart(history);
    at("main").className = "";
  } catch (error) {
    say("state", "no answer from the service");
    at("state").className = "state bad";
    at("main").className = "stale";
    document.title = "! ingestd";
  }
  setTimeout(poll, POLL_MS);
}
poll();
