import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Pipeline } from '../../../src/http/pipeline.js';

/** Requests, each of its own socket unless it is given one, and the names of those that were answered. */
function start(httpVersionMajor = 1) {
  const pipeline = new Pipeline();
  const answered: string[] = [];
  return {
    answered,
    ask: (name: string, socket = { destroyed: false }) => {
      const response = new EventEmitter() as unknown as ServerResponse;
      pipeline.inTurn({ httpVersionMajor, socket } as unknown as IncomingMessage, response, () => answered.push(name));
      return { socket, response };
    },
  };
}

it.each([1, 2])('makes one answer of all sockets in a turn of the event loop, with HTTP/%i', async (version) => {
  const { ask, answered } = start(version);
  for (const name of ['a', 'b', 'c']) ask(name);
  expect(answered).toEqual(['a']);
  await turn();
  expect(answered).toEqual(['a', 'b']);
  await turn();
  expect(answered).toEqual(['a', 'b', 'c']);
});

it('gives no turn to sockets that are gone', async () => {
  const { ask, answered } = start();
  ask('a');
  const gone = ['b', 'c', 'd'].map((name) => ask(name));
  ask('e');
  for (const { socket } of gone) socket.destroyed = true;
  await turn();
  expect(answered).toEqual(['a', 'e']);
});

it('answers the requests of a socket one after the other', async () => {
  const { ask, answered } = start();
  const { socket, response } = ask('a');
  ask('b', socket);
  await turn();
  await turn();
  expect(answered).toEqual(['a']);
  const closed = once(response, 'close');
  response.emit('close');
  await closed;
  expect(answered).toEqual(['a', 'b']);
});
