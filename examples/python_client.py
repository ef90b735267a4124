"""A Python client of the documented core of the protocol: ping, questions, streaming, a tool, cancel.

    agent-ws serve                                        (or: node http.mjs)
    python3 python_client.py ws://localhost:8003/ws/agent

Needs Python 3.9 or newer and nothing else. The class WebSocket below does what the `websockets` package does
(`pip install websockets`); with it, write `websockets.connect(url)` where this file says `WebSocket(url)`.
"""

import asyncio
import base64
import json
import os
import sys
from urllib.parse import urlsplit


async def main(url):
    async with WebSocket(url) as ws:

        async def send(**message):
            await ws.send(json.dumps(message))

        async def receive(*types):
            """The next message of one of these types. Other types and unknown fields are ignored."""
            while True:
                message = json.loads(await ws.recv())
                if message["type"] == "error":
                    raise RuntimeError(message["error"])
                if message["type"] in types:
                    return message

        connected = await receive("connected")
        print("connected:", connected["message"])

        await send(type="ping")
        pong = await receive("pong")
        print("pong:", pong["timestamp"])

        # A question whose answer arrives in one piece.
        await send(type="agent_query", query="What is 6 * 7?")
        print("status:", (await receive("status"))["status"])
        answer = await receive("agent_response")
        print(f"answer of {answer['vendor']}:", answer["content"])

        # A question whose answer streams.
        await send(type="streaming_query", query="Hello, who are you?")
        await receive("stream_start")
        print("stream: ", end="")
        while (message := await receive("stream_chunk", "stream_end"))["type"] == "stream_chunk":
            print(message["content"], end="", flush=True)
        print()

        # A tool, without a model.
        await send(type="tool_call", tool_name="calculator", params={"expression": "123 + 456"})
        print("tool result:", (await receive("tool_result"))["result"])

        # Cancel an answer. Chunks that the server sent before it read the cancel still arrive.
        await send(type="streaming_query", query="Hello, who are you?")
        await receive("stream_chunk")
        await send(type="cancel")
        await receive("cancelled")
        print("cancelled")

        # The connection still works.
        await send(type="ping")
        await receive("pong")
        print("still connected")


class WebSocket:
    """The client side of RFC 6455 over an asyncio stream: text messages, ping and close."""

    TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA

    def __init__(self, url):
        self.url = urlsplit(url)

    async def __aenter__(self):
        secure = self.url.scheme == "wss"
        port = self.url.port or (443 if secure else 80)
        self.reader, self.writer = await asyncio.open_connection(self.url.hostname, port, ssl=secure or None)
        query = f"?{self.url.query}" if self.url.query else ""
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(
            f"GET {self.url.path or '/'}{query} HTTP/1.1\r\n"
            f"Host: {self.url.netloc}\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        response = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        if " 101 " not in response.splitlines()[0]:
            raise ConnectionError(response.splitlines()[0])
        return self

    async def __aexit__(self, *_):
        await self._send(self.CLOSE, (1000).to_bytes(2, "big"))
        self.writer.close()
        await self.writer.wait_closed()

    async def send(self, text):
        await self._send(self.TEXT, text.encode())

    async def recv(self):
        """The next message. Raises ConnectionError when the server closes."""
        message = b""
        while True:
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length >= 126:
                length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
            payload = await self.reader.readexactly(length)
            opcode, is_last = first & 0x0F, first & 0x80
            if opcode == self.PING:
                await self._send(self.PONG, payload)
            elif opcode == self.CLOSE:
                raise ConnectionError(f"closed: {int.from_bytes(payload[:2], 'big')} {payload[2:].decode()}")
            elif opcode != self.PONG:
                message += payload
                if is_last:
                    return message.decode()

    async def _send(self, opcode, payload):
        length = len(payload)
        # A client masks what it sends (RFC 6455, section 5.3).
        if length < 126:
            header = bytes([0x80 | opcode, 0x80 | length])
        elif length < 1 << 16:
            header = bytes([0x80 | opcode, 0x80 | 126]) + length.to_bytes(2, "big")
        else:
            header = bytes([0x80 | opcode, 0x80 | 127]) + length.to_bytes(8, "big")
        mask = os.urandom(4)
        self.writer.write(header + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))
        await self.writer.drain()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "ws://localhost:8003/ws/agent"))
