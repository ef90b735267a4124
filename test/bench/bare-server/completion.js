import { Agent, request } from 'undici';

const agent = new Agent({ connections: null, pipelining: 1, bodyTimeout: 0, headersTimeout: 0 });

/** Streams one completion and returns the function that cancels it; after that nothing is called any more. */
export function streamCompletion(upstream, query, { onText, onEnd, onError }) {
  const controller = new globalThis.AbortController();
  const body = JSON.stringify({ model: 'bench-model', stream: true, messages: [{ role: 'user', content: query }] });
  let over = false;
  const fail = () => {
    if (over) return;
    over = true;
    onError();
  };
  request(`${upstream}/chat/completions`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer bench' },
    body,
    signal: controller.signal,
  }).then((response) => {
    let rest = '';
    response.body.setEncoding('utf8');
    response.body.on('data', (text) => {
      const data = rest + text;
      let start = 0;
      for (let end = data.indexOf('\n'); end >= 0; end = data.indexOf('\n', start)) {
        const line = data.slice(start, end);
        start = end + 1;
        if (over || !line.startsWith('data: ')) continue;
        if (line === 'data: [DONE]') {
          over = true;
          onEnd();
          continue;
        }
        const content = JSON.parse(line.slice(6)).choices[0]?.delta.content;
        if (content) onText(content);
      }
      rest = data.slice(start);
    });
    response.body.on('error', fail);
    response.body.on('close', fail);
  }, fail);
  return () => {
    over = true;
    controller.abort();
  };
}
