// A client or a server on ws: node ws.mjs client|server CA CERT KEY

import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { Log, play } from './play.mjs';
import { clients, write } from './program.mjs';

const [, , role, caFile, certFile, keyFile] = process.argv;

// Compression of a message however short: the battery wants to see it.
const deflate = { threshold: 0 };

// attach notes in the log what the connection sees.
function attach(ws, log) {
  ws.on('message', (data, binary) => log.message(binary, data));
  ws.on('ping', (data) => log.add({ event: 'ping', data: data.toString() }));
  ws.on('pong', (data) => log.add({ event: 'pong', data: data.toString() }));
  ws.on('error', (err) => {
    if (err.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') log.add({ event: 'limit' });
    else log.add({ event: 'error', detail: String(err) });
  });
  ws.on('close', (code, reason) => {
    log.add({ event: 'close', code, reason: reason.toString() });
    log.end();
  });
}

function adapt(ws) {
  return {
    send(binary, bytes, step) {
      const parts = step.parts ?? 1;
      const size = Math.floor(bytes.length / parts) + 1;
      for (let i = 0; i < parts; i++) {
        ws.send(bytes.subarray(i * size, (i + 1) * size), { binary, fin: i === parts - 1 });
        if (i === 0 && step.ping) ws.ping(step.ping);
      }
    },
    ping: (data) => ws.ping(data),
    close: (code, reason) => ws.close(code, reason),
  };
}

async function dial(script) {
  const log = new Log();
  const ws = new WebSocket(script.url, script.protocols, {
    perMessageDeflate: script.compress ? deflate : false,
    maxPayload: script.limit ?? 0,
    origin: script.origin,
    ca: readFileSync(caFile),
  });
  const refused = new Promise((resolve) => {
    ws.on('unexpected-response', (req, res) => {
      resolve([{ event: 'refused', status: res.statusCode }]);
      ws.terminate();
    });
  });
  attach(ws, log);
  const opened = new Promise((resolve) => {
    ws.on('open', () => {
      log.add({ event: 'open', protocol: ws.protocol, extensions: ws.extensions });
      resolve();
    });
    ws.on('close', resolve);
  });
  return Promise.race([refused, opened.then(() => play(adapt(ws), log, script.steps))]);
}

function accept(req, socket, head) {
  const script = JSON.parse(new URL(req.url, 'ws://server').searchParams.get('script'));
  const report = (events) => write({ report: { id: script.id, server: true, events } });
  const origin = req.headers.origin;
  if (origin && new URL(origin).host !== req.headers.host) {
    socket.on('error', () => {}); // the client may reset it
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    report([{ event: 'refused', detail: `origin ${origin}` }]);
    return;
  }
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: script.compress ? deflate : false,
    maxPayload: script.limit ?? 0,
    handleProtocols: (protocols) => (protocols.has('interop.v1') ? 'interop.v1' : false),
  });
  server.handleUpgrade(req, socket, head, async (ws) => {
    const log = new Log();
    attach(ws, log);
    log.add({ event: 'open', protocol: ws.protocol, extensions: ws.extensions, origin });
    report(await play(adapt(ws), log, script.steps));
  });
}

async function listen(server) {
  server.on('upgrade', accept);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

if (role === 'server') {
  const plain = await listen(http.createServer());
  const secure = await listen(https.createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }));
  write({ hello: { plain, tls: secure } });
} else {
  write({ hello: {} });
}
await clients(dial);
