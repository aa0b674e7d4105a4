// The conversation of a program in Node.js with the command: scripts come on
// the standard input, one a line, and reports go to the standard output.

import { createInterface } from 'node:readline';

export function write(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

// clients plays the scripts of the input one after the other, and ends with it.
export async function clients(dial) {
  for await (const text of createInterface({ input: process.stdin })) {
    const script = JSON.parse(text);
    let events;
    try {
      events = await dial(script);
    } catch (err) {
      events = [{ event: 'error', detail: String(err?.stack ?? err) }];
    }
    write({ report: { id: script.id, events } });
  }
  process.exit(0);
}
