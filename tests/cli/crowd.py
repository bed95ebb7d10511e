#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""crowd PORT KIND COUNT ADDRESSES: a hostile crowd. Keeps COUNT connections to 127.0.0.1:PORT open from ADDRESSES addresses
(127.1.0.1 and on), and opens each anew as soon as it is closed, until SIGTERM. Prints how many it opened.

KIND: silent (no byte), slow (a byte of a ClientHello now and then), garbage (random bytes, at once), hello (a whole
ClientHello, then nothing), cut (half of a ClientHello, then nothing), header (bytes of an HTTP header that never ends).
"""
import os
import resource
import selectors
import signal
import socket
import ssl
import sys
import time

TURN = 0.02


def client_hello():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["nacre/1"])
    out = ssl.MemoryBIO()
    session = context.wrap_bio(ssl.MemoryBIO(), out)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        return out.read()


class Crowd:
    def __init__(self, port, kind, count, addresses):
        self.port, self.kind, self.count, self.addresses = port, kind, count, addresses
        self.selector = selectors.DefaultSelector()
        self.opened = 0
        self.hello = client_hello()

    def join(self):
        s = socket.socket()
        s.setblocking(False)
        self.opened += 1
        s.bind((f"127.1.0.{1 + self.opened % self.addresses}", 0))
        s.connect_ex(("127.0.0.1", self.port))
        self.selector.register(s, selectors.EVENT_READ, [0])

    def speak(self, s, sent):
        say = {"silent": b"", "garbage": os.urandom(200), "hello": self.hello, "cut": self.hello[:len(self.hello) // 2],
               "slow": self.hello[:-1], "header": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000}[self.kind]
        step = 1 if self.kind in ("slow", "header") else len(say)
        try:
            sent[0] += s.send(say[sent[0]:sent[0] + step]) if sent[0] < len(say) else 0
        except BlockingIOError:
            pass
        except OSError:
            self.leave(s)

    def leave(self, s):
        self.selector.unregister(s)
        s.close()

    def turn(self):
        for key, _ in self.selector.select(TURN):
            try:
                if key.fileobj.recv(65536) == b"":
                    self.leave(key.fileobj)
            except BlockingIOError:
                pass
            except OSError:
                self.leave(key.fileobj)
        while len(self.selector.get_map()) < self.count:
            self.join()
        for key in list(self.selector.get_map().values()):
            self.speak(key.fileobj, key.data)


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    crowd = Crowd(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(True))
    while not over:
        crowd.turn()
        time.sleep(TURN)
    print(crowd.opened)


if __name__ == "__main__":
    main()
