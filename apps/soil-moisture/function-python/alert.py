"""Tells the topic which sensor is too dry. The event is the sensor's own message."""
import os

import boto3

sns = boto3.client("sns")


def handler(event, context):
    message = f"Humidity {event['humidity']} under threshold for device name {event['name']}"
    answer = sns.publish(
        TopicArn=os.environ["ALERT_TOPIC_ARN"],
        Subject="Attention:Humidity Under Threshold",
        Message=message,
    )
    print(f"{event['name']}: {event['humidity']} %, alert {answer['MessageId']}")
    return {"messageId": answer["MessageId"]}
