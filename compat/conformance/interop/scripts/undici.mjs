// A client on undici: node undici.mjs client CA CERT KEY

import { readFileSync } from 'node:fs';
import diagnostics from 'node:diagnostics_channel';
import { Agent, WebSocket, ping } from 'undici';
import { dial } from './whatwg.mjs';
import { clients, write } from './program.mjs';

const [, , , caFile] = process.argv;
const ca = readFileSync(caFile);

function open(script) {
  const headers = script.origin ? { origin: script.origin } : {};
  const webSocket = script.limit ? { maxPayloadSize: script.limit } : undefined;
  const dispatcher = new Agent({ connect: { ca }, webSocket });
  return new WebSocket(script.url, { protocols: script.protocols, headers, dispatcher });
}

function prepare(ws, log) {
  for (const kind of ['ping', 'pong']) {
    diagnostics.subscribe(`undici:websocket:${kind}`, (m) => {
      if (m.websocket === ws) log.add({ event: kind, data: Buffer.from(m.payload).toString() });
    });
  }
}

write({ hello: {} });
await clients((script) => dial(script, open, (ws, data) => ping(ws, Buffer.from(data)), prepare));
