import type { IncomingHttpHeaders } from 'node:http';
import { expect, it } from 'vitest';
import { tokenOf } from '../../../src/auth/token-of.js';

it.each<[string, IncomingHttpHeaders, string | undefined]>([
  ['a header', { authorization: 'Bearer a.b-c' }, 'a.b-c'],
  ['a header in another case', { authorization: 'bearer  abc ' }, 'abc'],
  ['the subprotocols', { 'sec-websocket-protocol': 'agent-ws.v1, s3cret' }, 's3cret'],
  ['the last of several', { 'sec-websocket-protocol': 'other,s3cret,agent-ws.v1' }, 's3cret'],
  ['the header rather than the subprotocols', { authorization: 'Bearer a', 'sec-websocket-protocol': 'b' }, 'a'],
  ['nothing but our own subprotocol', { 'sec-websocket-protocol': 'agent-ws.v1' }, undefined],
  ['a header of another scheme', { authorization: 'Basic YTpi' }, undefined],
  ['empty entries', { 'sec-websocket-protocol': ' , ' }, undefined],
  ['no header', {}, undefined],
])('the token of %s', (_of, headers, token) => {
  expect(tokenOf({ headers })).toBe(token);
});
