import type { RequestListener } from 'node:http';

/** People open the root first: it leads to the test page. Everything else goes to `listener`. */
export function withHome(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (request.url !== '/') return listener(request, response);
    response.writeHead(302, { Location: 'static/test_websocket.html', 'Content-Length': 0 }).end();
  };
}
