import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import type { Action, ActionResources } from './actions.js';

/**
 * Decides whether a principal may do something. Called before every action, at once: what it needs to know is loaded
 * in `authenticate`. If it throws, the action is refused with `internal_error`.
 * @returns `true` allows the action; anything else refuses it with `forbidden`.
 */
export type Decide<P extends Principal = Principal> = <A extends Action>(
  principal: P,
  action: A,
  resource: ActionResources[A],
) => boolean;

/** The one place that decides who may do what. */
export class Permissions {
  /** A policy written without a compiler may return anything: a promise must not count as a permission. */
  readonly #decide: (...question: Parameters<Decide>) => unknown;

  /** @param decide - the policy */
  constructor(decide: Decide = () => true) {
    this.#decide = decide;
  }

  /** Whether the principal may do something. */
  allows<A extends Action>(principal: Principal, action: A, resource: ActionResources[A]): boolean {
    return this.#decide(principal, action, resource) === true;
  }

  /** @throws AgentSocketError `forbidden` if the principal may not do it. */
  check<A extends Action>(principal: Principal, action: A, resource: ActionResources[A]): void {
    if (!this.allows(principal, action, resource)) throw new AgentSocketError('forbidden', `Not permitted: ${action}`);
  }
}
