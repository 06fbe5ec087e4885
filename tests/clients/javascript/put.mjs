// Puts a batch and a single record by the AWS SDK as it comes; says on stdout what it was answered.
import { FirehoseClient, PutRecordBatchCommand, PutRecordCommand } from "@aws-sdk/client-firehose";

const [endpoint, stream, ...records] = process.argv.slice(2);
const client = new FirehoseClient({ endpoint, region: "eu-west-1", maxAttempts: 3 });
const data = records.map((record) => ({ Data: Buffer.from(record) }));
try {
  const batch = await client.send(new PutRecordBatchCommand({ DeliveryStreamName: stream, Records: data }));
  const single = await client.send(new PutRecordCommand({ DeliveryStreamName: stream, Record: data[0] }));
  const ids = batch.RequestResponses.map((response) => response.RecordId);
  console.log(JSON.stringify({ failed: batch.FailedPutCount, ids: [...ids, single.RecordId] }));
} catch (error) {
  console.log(JSON.stringify({ error: error.name, status: error.$metadata?.httpStatusCode, attempts: error.$metadata?.attempts }));
}
