import http from 'node:http';

const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: Infinity });

/** Streams one completion and returns the function that cancels it; after that nothing is called any more. */
export function streamCompletion(upstream, query, { onText, onEnd, onError }) {
  const body = JSON.stringify({ model: 'bench-model', stream: true, messages: [{ role: 'user', content: query }] });
  let over = false;
  const request = http.request(`${upstream}/chat/completions`, {
    agent,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: 'Bearer bench',
    },
  });
  const fail = () => {
    if (over) return;
    over = true;
    onError();
  };
  request.on('error', fail);
  request.on('response', (response) => {
    if (response.statusCode !== 200) {
      response.resume();
      fail();
      return;
    }
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (text) => {
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
    response.on('error', fail);
    response.on('close', fail);
  });
  request.end(body);
  return () => {
    over = true;
    request.destroy();
  };
}
