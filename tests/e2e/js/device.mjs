// The AWS IoT Device SDK v2 (MQTT 3.1.1 and MQTT 5 clients) over TLS with a certificate that cloudlet issued.
import assert from "node:assert/strict";
import { iot, mqtt, mqtt5 } from "aws-iot-device-sdk-v2";

const [host, port, ca, cert, key] = process.argv.slice(2);
const once = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(cert, key)
  .with_certificate_authority_from_path(undefined, ca).with_endpoint(host).with_port(Number(port))
  .with_client_id("device-sdk-311").with_clean_session(true).build();
const connection = new mqtt.MqttClient().new_connection(config);
await connection.connect();
const seen = new Promise((resolve) => connection.subscribe("sdk/#", mqtt.QoS.AtLeastOnce,
  (topic, payload) => resolve([topic, Buffer.from(payload).toString()])).then(() =>
  connection.publish("sdk/311", JSON.stringify({ humidity: 30 }), mqtt.QoS.AtLeastOnce)));
assert.deepEqual(await seen, ["sdk/311", '{"humidity":30}']);
await connection.disconnect();

const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(host, cert, key);
builder.withPort(Number(port)).withCertificateAuthorityFromPath(undefined, ca);
builder.withConnectProperties({ clientId: "device-sdk-5", keepAliveIntervalSeconds: 30 });
const client = new mqtt5.Mqtt5Client(builder.build());
const connected = once(client, "connectionSuccess");
client.start();
await connected;
const message = once(client, "messageReceived");
const suback = await client.subscribe({ subscriptions: [{ topicFilter: "sdk5/+", qos: mqtt5.QoS.AtLeastOnce }] });
assert.deepEqual(suback.reasonCodes, [1]);
await client.publish({ topicName: "sdk5/a", qos: mqtt5.QoS.AtLeastOnce, payload: "five", userProperties: [{ name: "n", value: "v" }] });
const received = await message;
assert.equal(Buffer.from(received.message.payload).toString(), "five");
assert.deepEqual(received.message.userProperties.map((p) => [p.name, p.value]), [["n", "v"]]);
const stopped = once(client, "stopped");
client.stop();
await stopped;
client.close();
process.exit(0);
