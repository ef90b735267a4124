import { UpstreamRefusal } from './failures.js';

/** Where servers contradict each other: what one requires, another refuses. */
export interface RequestForm {
  /** Whether `stream_options` asks for usage. */
  readonly usage: boolean;
  /**
   * Whether every message of an assistant has `reasoning_content`, also a message without calls or of another model.
   * DeepSeek and Moonshot require this of models that think.
   */
  readonly reasoning: boolean;
}

/** Remembers the form that the server of a provider accepts. A request has the usual form until the server refuses it. */
export class RequestForms {
  readonly #reasoning = new Set<string>();
  /** Usage is a matter of the server, reasoning one of the model. */
  #usage = true;

  /** The form of the next request to a model. */
  of(model: string): RequestForm {
    return { usage: this.#usage, reasoning: this.#reasoning.has(model) };
  }

  /** Records a form that was accepted. Several requests may learn at the same time, so nothing learned is undone. */
  learn(model: string, { usage, reasoning }: RequestForm): void {
    if (!usage) this.#usage = false;
    if (reasoning) this.#reasoning.add(model);
  }
}

/** The form in which a refused request is sent again; `undefined` if the form was not the reason. */
export function otherForm(form: RequestForm, error: unknown): RequestForm | undefined {
  if (!(error instanceof UpstreamRefusal) || (error.status !== 400 && error.status !== 422)) return undefined;
  // The error names the field, whatever framework the server uses.
  const body = typeof error.body === 'string' ? error.body : JSON.stringify([error.body]);
  if (form.usage && /stream_options|include_usage/.test(body)) return { ...form, usage: false };
  if (!form.reasoning && body.includes('reasoning_content')) return { ...form, reasoning: true };
  return undefined;
}
