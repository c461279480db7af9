"""The adversary on RabbitMQ: own user, shared users, held connections, a consumer that is fed all the time."""
import logging

import pika
from pika import exceptions

from adversary_ways import ADMITTED, ERROR, REFUSED, Way, endpoint

logging.getLogger("pika").setLevel(logging.CRITICAL)
NO = (exceptions.ProbableAuthenticationError, exceptions.ProbableAccessDeniedError)


class Broker:
    """Own and shared users; held connections, one of which consumes from a queue of hers."""

    def __init__(self, wallet, me):
        self.wallet, self.me, self.user, self.reopenable = wallet["broker"], me, wallet["broker"]["user"], {}
        me.keep_secret("broker password", self.wallet["password"])
        for shared in self.wallet["shared"]:
            me.keep_secret(f"password of broker user {shared['user']}", shared["password"])

    def _open(self, user, password):
        return pika.BlockingConnection(pika.ConnectionParameters(
            self.wallet["host"], self.wallet["port"], "/", pika.PlainCredentials(user, password), heartbeat=0,
            socket_timeout=10, blocked_connection_timeout=10, stack_timeout=20))

    @staticmethod
    def _endpoint(connection):
        return endpoint(connection._impl._transport._sock.fileno())

    def ways(self):
        yield Way("broker login by own user", "broker", "account", self.user, lambda: self._log_in(self.user, self.wallet["password"]))
        yield self._held_way(self.user, self.wallet["password"], "held broker connection")
        yield self._consumer()
        for shared in self.wallet["shared"]:
            yield Way(f"shared broker user {shared['user']} by its password", "broker", "secret", shared["user"],
                      lambda s=shared: self._log_in(s["user"], s["password"]))
            try:
                yield self._held_way(shared["user"], shared["password"], f"held connection on shared broker user {shared['user']}")
            except (exceptions.AMQPError, OSError) as no:   # somebody else's departure has rotated it already
                self.me.mark(f"shared broker user {shared['user']}: {type(no).__name__}")

    def _log_in(self, user, password):
        try:
            connection = self._open(user, password)
            connection.channel().close()
            connection.close()
            return ADMITTED, "logged in and opened a channel"
        except NO as no:
            return REFUSED, str(no)[:160]
        except exceptions.ConnectionClosedByBroker as no:
            return (REFUSED if no.reply_code in (403, 530) else ERROR), str(no)[:160]
        except (exceptions.AMQPError, OSError) as problem:
            return ERROR, f"{type(problem).__name__}: {problem}"[:160]

    def _held_way(self, user, password, words):
        connection = self._open(user, password)
        channel = connection.channel()
        self.reopenable[user] = connection
        return self._way(connection, words, lambda: channel.exchange_declare("amq.direct", passive=True), "used its channel")

    def _consumer(self):
        connection = self._open(self.user, self.wallet["password"])
        channel, got = connection.channel(), []
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.basic_consume(queue, lambda *delivery: got.append(delivery), auto_ack=True)

        def look():
            del got[:]
            channel.basic_publish("", queue, b"feed")
            connection.process_data_events(time_limit=2)
            if not got:
                raise exceptions.AMQPError("nothing received")
        return self._way(connection, "held broker consumer", look, "received")

    def _way(self, connection, words, call, done):
        def use():
            try:
                call()
                return ADMITTED, done
            except (exceptions.ChannelClosedByBroker, exceptions.ChannelWrongStateError) as no:
                return REFUSED, str(no)[:160]
            except (exceptions.AMQPError, OSError) as problem:
                state = "ended: " if connection.is_closed else ""
                return ERROR, f"{state}{type(problem).__name__}: {problem}"[:160]
        return Way(words, "broker", "session", self._endpoint(connection), use, held=True)

    def reopen(self):
        known = {s["user"]: s["password"] for s in self.wallet["shared"]} | {self.user: self.wallet["password"]}
        fresh = []
        for user in [u for u, connection in self.reopenable.items() if connection.is_closed]:
            try:
                fresh.append(self._held_way(user, known[user], f"held connection on broker user {user}, opened again"))
            except (exceptions.AMQPError, OSError):
                continue
        return fresh
