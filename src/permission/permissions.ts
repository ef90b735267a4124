import type { Principal } from '../connection/principal.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { BoundedLog } from '../runtime/bounded-log.js';
import type { Logger } from '../runtime/logger.js';
import type { Option } from '../runtime/option-table.js';
import { aFunction } from '../runtime/rule.js';
import type { Action, ActionResources } from './actions.js';
import type { Decide } from './decide.js';
import { scopePolicy } from './scope-policy.js';

/** The option of parts that ask who may do what. */
export interface PermissionsOption<P extends Principal = Principal> {
  /**
   * Decides what each principal may do; see docs/permissions.md. Called before every action with the principal, the
   * action and what the action is about. `true` allows it, anything else refuses it with `forbidden`; if the hook
   * throws or returns a promise, the action is refused with `internal_error` and the error is logged.
   * The compiler relates `resource` and the principal to the `action`.
   * @default `scopes` of the principal; without scopes, everything is allowed
   */
  permissions?: Decide<P> | undefined;
}

export const PERMISSIONS = {
  text: 'Decides what each principal may do; see docs/permissions.md.',
  rule: aFunction,
  defaultText: '`scopes` of the principal; without scopes, everything is allowed',
} as const satisfies Option;

/** What {@link Permissions} takes. */
export interface PermissionsInit {
  /**
   * The policy. The type of its principals matters to embedders only.
   * @default the policy of scopes
   */
  readonly permissions?: Decide<never> | undefined;
  readonly logger: Logger;
}

/** The one place that decides who may do what. */
export class Permissions {
  /** A policy written without a compiler may return anything: only `true` counts as a permission. */
  readonly #decide: (principal: Principal, action: Action, resource: object) => unknown;
  readonly #failures: BoundedLog;

  constructor({ permissions, logger }: PermissionsInit) {
    this.#decide = (permissions ?? scopePolicy(logger)) as (
      principal: Principal,
      action: Action,
      resource: object,
    ) => unknown;
    this.#failures = new BoundedLog(logger);
  }

  /**
   * Whether the principal may do something.
   * @throws AgentSocketError `internal_error` if the policy fails, which is logged.
   */
  allows<A extends Action>(principal: Principal, action: A, resource: ActionResources[A]): boolean {
    let answer: unknown;
    try {
      answer = this.#decide(principal, action, resource);
    } catch (error) {
      throw this.#failure(action, error);
    }
    if (typeof answer !== 'object' || answer === null) return answer === true;
    // Prevents an unhandled rejection, since nobody waits for the promise.
    Promise.resolve(answer).catch(() => undefined);
    throw this.#failure(
      action,
      new TypeError('The permissions hook gave an object or a promise in place of a boolean'),
    );
  }

  /** @throws AgentSocketError `forbidden` if the principal may not do it; `internal_error` if the policy fails. */
  check<A extends Action>(principal: Principal, action: A, resource: ActionResources[A]): void {
    if (!this.allows(principal, action, resource)) throw new AgentSocketError('forbidden', `Not permitted: ${action}`);
  }

  #failure(action: Action, err: unknown): AgentSocketError {
    this.#failures.write('error', action, { action, err }, 'The permissions hook failed');
    return new AgentSocketError('internal_error', 'The server failed to decide whether this is permitted');
  }
}
