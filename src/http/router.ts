import type { IncomingMessage, ServerResponse } from 'node:http';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { andThen, orElse, type Awaitable } from '../runtime/awaitable.js';
import { consoleLogger } from '../runtime/console-logger.js';
import type { Logger } from '../runtime/logger.js';
import { readTarget } from '../protocol/request-target.js';
import { docsRoutes } from './docs.js';
import { endpointRoute, healthRoute, readyRoute } from './health.js';
import type { Guard } from './guard.js';
import { metricsRoute } from './metrics.js';
import { Pipeline } from './pipeline.js';
import { messageKeyRoutes } from './message-key.js';
import { failure, send, type Reply } from './reply.js';
import type { Route } from './route.js';
import type { HttpRoutesState } from './state.js';
import { builtPages, staticRoutes } from './static.js';
import { statisticsRoute } from './statistics.js';

/** What {@link createHttpRoutes} takes. */
export interface HttpRoutesDeps extends HttpRoutesState {
  /**
   * Whether the `Host` of a request is served; otherwise it gets 403.
   * @param anyAddress - whether the route answers under every address, as the probes do
   */
  hostAllowed(req: IncomingMessage, anyAddress: boolean): boolean;
  /** A cookie for a browser that is served a page; `undefined` for none. */
  pageCookie?(req: IncomingMessage): string | undefined;
  /**
   * Decides who gets which route.
   * @default everybody gets every route
   */
  readonly guard?: Pick<Guard, 'refusalOf'>;
  /**
   * The directory behind `/static/`, read once.
   * @default the pages of this package
   */
  readonly pages?: string;
  /**
   * Gets the errors of routes.
   * @default the console
   */
  readonly logger?: Logger;
}

/** The HTTP side of a server: statistics, documents, test page and probes. */
export interface HttpRoutes {
  /**
   * Answers every request: redirects `/` to the test page, and answers 404 for unknown paths. Fits `http.createServer`.
   */
  readonly listener: (req: IncomingMessage, res: ServerResponse) => void;
  /** Answers requests for its own paths and calls `next` for all others. Fits Express and Connect, mounted or not. */
  readonly middleware: (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
}

const TEST_PAGE = 'static/test_websocket.html';

/** Redirects `/` to the test page; only for the listener, which serves all paths. */
const HOME: Route = {
  path: '/',
  action: 'page',
  reply: () => ({
    status: 302,
    type: 'text/plain; charset=utf-8',
    body: '',
    headers: { Location: TEST_PAGE },
  }),
};

/** Creates the HTTP routes. Reads the pages from disk; everything else is made at its first request. */
export function createHttpRoutes(deps: HttpRoutesDeps): HttpRoutes {
  const { logger = consoleLogger } = deps;
  const endpoint = endpointRoute(deps.path);
  const pages = deps.pages ?? builtPages();
  const routes: Route[] = [
    endpoint,
    statisticsRoute(() => deps.statistics(), deps.cluster),
    healthRoute(),
    readyRoute(() => deps.isReady()),
    ...(deps.metrics === undefined ? [] : [metricsRoute(deps.metrics)]),
    ...messageKeyRoutes(deps.messageKey),
    ...docsRoutes(deps, pages, () => routes),
    ...staticRoutes(pages),
  ];
  const byPath = new Map(routes.map((route) => [route.path, route]));

  function find(req: IncomingMessage): Route | undefined {
    // The endpoint keeps its path even if a framework mounts the routes below a prefix and rewrites their URLs.
    if (pathOf(originalUrl(req)) === endpoint.path) return endpoint;
    const route = byPath.get(pathOf(req.url ?? '') ?? '');
    return route === endpoint ? undefined : route;
  }

  const pipeline = new Pipeline();
  const home = byPath.has(`/${TEST_PAGE}`) ? HOME : undefined;

  function answer(req: IncomingMessage, res: ServerResponse, route: Route | undefined): void {
    const reply = orElse(
      () => decide(req, route),
      (error) => {
        // The guard has logged why it failed.
        if (!AgentSocketError.isInstance(error)) {
          logger.error({ path: route?.path, err: error }, 'An HTTP route failed');
        }
        return failure(500, 'Internal error');
      },
    );
    void andThen(reply, (made) => send(req, res, made));
  }

  function decide(req: IncomingMessage, route: Route | undefined): Awaitable<Reply> {
    if (!deps.hostAllowed(req, route?.anyAddress === true)) return failure(403, 'This host is not served here');
    if (route === undefined) {
      return pathOf(req.url ?? '') === undefined ? failure(400, 'Malformed URL') : failure(404, 'Not found');
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      return failure(405, 'Only GET and HEAD are answered here', { Allow: 'GET, HEAD' });
    }
    return andThen(
      deps.guard?.refusalOf(req, route),
      (refusal) => refusal ?? andThen(route.reply(readTarget(req.url ?? '').query), (reply) => withCookie(req, reply)),
    );
  }

  function withCookie(req: IncomingMessage, reply: Reply): Reply {
    const cookie = reply.type.startsWith('text/html') ? deps.pageCookie?.(req) : undefined;
    // Nobody but this browser may get the cookie, so the answer is not stored.
    return cookie === undefined
      ? reply
      : { ...reply, cacheable: false, headers: { ...reply.headers, 'Set-Cookie': cookie } };
  }

  return {
    listener: (req, res) => {
      const route = find(req) ?? (pathOf(req.url ?? '') === '/' ? home : undefined);
      pipeline.inTurn(req, res, () => answer(req, res, route));
    },
    middleware: (req, res, next) => {
      const route = find(req);
      if (route === undefined) next();
      else pipeline.inTurn(req, res, () => answer(req, res, route));
    },
  };
}

/** The URL as received: Connect and Express keep it in `originalUrl`. */
function originalUrl(req: IncomingMessage): string {
  return 'originalUrl' in req && typeof req.originalUrl === 'string' ? req.originalUrl : (req.url ?? '');
}

/** The path of a request, as sent. `undefined` if the URL is malformed. */
function pathOf(url: string): string | undefined {
  const { path } = readTarget(url);
  if (!path.startsWith('/')) return undefined;
  try {
    decodeURIComponent(path);
    return path;
  } catch {
    return undefined;
  }
}
