/** `agent-ws/auth`: ready-made `authenticate` hooks. */
export { firstOf, type AuthHook } from './first-of.js';
export { jwtAuth } from './jwt.js';
export type { JwtAuthOptions, JwtClaims } from './jwt-options.js';
export { tokenAuth, type StaticToken, type TokenAuthOptions } from './static-tokens.js';
export { createTickets, type TicketBinding, type TicketOptions, type Tickets } from './tickets.js';
export { cookieOf } from './cookies.js';
