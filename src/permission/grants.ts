import { ACTIONS, type Action, type ActionInfo } from './actions.js';
import { isAny, parseScope, stands, type Segment } from './scope.js';

/** For which names an action is granted. */
class Names {
  #isAny = false;
  readonly #names = new Set<string>();
  readonly #patterns: Segment[] = [];

  add(segment: Segment | undefined): void {
    if (segment === undefined || isAny(segment)) this.#isAny = true;
    else if (segment.after === undefined) this.#names.add(segment.before);
    else this.#patterns.push(segment);
  }

  has(name: string): boolean {
    if (this.#isAny || this.#names.has(name)) return true;
    for (const pattern of this.#patterns) if (stands(pattern, name)) return true;
    return false;
  }
}

/** The scope of an action, in segments; the one that is a field of the resource has its name in `field`. */
interface Template {
  readonly action: Action;
  readonly segments: readonly string[];
  readonly field: string | undefined;
}

const TEMPLATES: readonly Template[] = Object.entries<ActionInfo>(ACTIONS).flatMap(([action, { scope }]) => {
  if (scope === undefined) return [];
  const segments = scope.split(':');
  return { action: action as Action, segments, field: segments.map(fieldOf).find((name) => name !== undefined) };
});

const FIELDS = new Map(TEMPLATES.map(({ action, field }) => [action, field] as const));

function fieldOf(segment: string): string | undefined {
  return /^\{(\w+)\}$/.exec(segment)?.[1];
}

/** What a list of scopes grants: read once, so that a check is a look-up. */
export class Grants {
  readonly #byAction = new Map<Action, Names>();

  /**
   * @param scopes - the scopes of a principal
   * @param onIdle - gets each scope that grants nothing
   */
  constructor(scopes: readonly unknown[], onIdle: (scope: unknown, isMalformed: boolean) => void) {
    for (const scope of scopes) {
      const segments = parseScope(scope);
      if (segments === undefined) onIdle(scope, true);
      else if (!this.#add(segments)) onIdle(scope, false);
    }
  }

  /** Whether the scopes grant an action. */
  has(action: Action, resource: object): boolean {
    const names = this.#byAction.get(action);
    if (names === undefined) return false;
    const field = FIELDS.get(action);
    if (field === undefined) return true;
    const name: unknown = Reflect.get(resource, field);
    return typeof name === 'string' && names.has(name);
  }

  /** Adds what a scope grants. Returns whether it grants anything. */
  #add(scope: readonly Segment[]): boolean {
    let isOfUse = false;
    for (const template of TEMPLATES) {
      if (!fits(scope, template)) continue;
      isOfUse = true;
      let names = this.#byAction.get(template.action);
      if (names === undefined) this.#byAction.set(template.action, (names = new Names()));
      // A scope that ends before the field ends with `*`, which stands for the rest.
      names.add(scope[template.segments.findIndex((segment) => fieldOf(segment) !== undefined)]);
    }
    return isOfUse;
  }
}

/** Whether a scope grants an action for some name. A `*` that is its last segment stands for all that follow. */
function fits(scope: readonly Segment[], { segments }: Template): boolean {
  const last = scope.at(-1);
  const standsForRest = last !== undefined && isAny(last) && scope.length < segments.length;
  if (scope.length !== segments.length && !standsForRest) return false;
  return scope.every((segment, i) => {
    const wanted = segments[i] ?? '';
    return fieldOf(wanted) !== undefined || stands(segment, wanted);
  });
}
