import type { Principal } from '../connection/principal.js';
import type { Action, ActionResources } from './actions.js';

/** A question of {@link Decide}: who, what, and on what. Pages are loaded by `ANONYMOUS`, whatever `authenticate` gives. */
export type Question<P extends Principal = Principal> = {
  [A in Action]: [principal: A extends 'page' ? Principal : P, action: A, resource: ActionResources[A]];
}[Action];

/**
 * Decides whether a principal may do something. Called before every action, and has to answer at once: what it needs to
 * know is loaded in `authenticate`. If it throws or returns a promise, the error is logged and the action is refused with
 * `internal_error`. It may leave out `resource`, or all parameters.
 * @returns `true` allows the action; anything else refuses it with `forbidden`.
 */
export type Decide<P extends Principal = Principal> = ((this: void, ...question: Question<P>) => boolean) | DecideAll;

/**
 * A function that takes every question. One of fewer parameters is not assignable to one of a union of tuples. The compiler
 * infers no parameters from two signatures that differ in type parameters, so those of all hooks come from {@link Question}.
 */
interface DecideAll {
  (this: void, principal: Principal, action: Action, resource: ActionResources[Action]): boolean;
  <A extends Action>(this: void, principal: Principal, action: A, resource: ActionResources[A]): boolean;
}
