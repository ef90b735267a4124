import type { RequestListener } from 'node:http';

/** Redirects `/` to the test page, since people open the root first. Other requests go to `listener`. */
export function withHome(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (request.url !== '/') return listener(request, response);
    response.writeHead(302, { Location: 'static/test_websocket.html', 'Content-Length': 0 }).end();
  };
}
