// The AWS IoT Device SDK v2 with a kept session: leaves, comes back, survives a kill of the server. Takes orders on standard input:
// leave, rejoin, end.
import { createInterface } from "node:readline";
import { iot, mqtt } from "aws-iot-device-sdk-v2";

const [host, port, ca, cert, key] = process.argv.slice(2);

// A connection, and whether its session was there. One that was closed cannot be used again.
async function join() {
  const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(cert, key)
    .with_certificate_authority_from_path(undefined, ca).with_endpoint(host).with_port(Number(port))
    .with_client_id("device-kept").with_clean_session(false).with_reconnect_min_sec(1).with_reconnect_max_sec(1).build();
  const connection = new mqtt.MqttClient().new_connection(config);
  connection.on("message", (_topic, payload) => console.log(`got ${Buffer.from(payload)}`));
  return [connection, await connection.connect()];
}

let [connection] = await join();
await connection.subscribe("orders/#", mqtt.QoS.AtLeastOnce);
console.log("subscribed");
for await (const order of createInterface({ input: process.stdin })) {
  if (order === "rejoin") {
    const [again, present] = await join();
    connection = again;
    console.log(`rejoined ${present}`);
    continue;
  }
  await connection.disconnect();
  if (order === "end") process.exit(0);
  console.log("left");
}
