import type { DataPart, MessagePart, TextPart, ToolPart } from './react-message.js';
import type { RunEvent, ToolFailure } from './run-event.js';

interface Call {
  readonly toolCallId: string;
  readonly toolName: string;
}

/**
 * The parts of an answer. Each step has reasoning, text and tool calls, in this order, however they arrive. So an
 * answer looks the same while it is written and when it is loaded from the history.
 */
export class AnswerParts {
  #parts: readonly MessagePart[] = [];
  /** Index of the first part of the step. */
  #step = 0;

  /** The parts so far. After every change the array is new, and so is each part that changed. */
  get all(): readonly MessagePart[] {
    return this.#parts;
  }

  /** Whether there is text or a tool call: reasoning alone does not count. */
  get isSaid(): boolean {
    return this.#parts.some(({ type }) => type !== 'reasoning');
  }

  /** Takes the next event of a run. Returns the data that a tool reports. */
  take(event: RunEvent): DataPart | undefined {
    switch (event.type) {
      case 'text':
      case 'reasoning':
        this.add(event.type, event.text);
        break;
      case 'tool-call':
        this.call(event, event.params);
        break;
      case 'data':
        return this.data(event, event.data);
      case 'approval-request':
        if (event.isPending) this.#wait(event.toolCallId, true);
        break;
      case 'approval-resolved':
        this.#wait(event.toolCallId, false);
        break;
      case 'tool-result':
        this.answer(event.toolCallId, event.result, event.error);
        break;
      case 'reset':
        this.#parts = [];
        this.#step = 0;
        break;
      case 'end':
        this.end();
        break;
    }
    return undefined;
  }

  add(type: TextPart['type'], text: string): void {
    if (text === '') return;
    const last = this.#parts.at(-1);
    if (last?.type === 'tool' || last?.type === 'data') this.#step = this.#parts.length;
    const grown = this.#parts.find((part, index) => index >= this.#step && part.type === type);
    if (grown !== undefined && 'text' in grown) {
      const longer = { ...grown, text: grown.text + text };
      this.#parts = this.#parts.map((part) => (part === grown ? longer : part));
    } else {
      const id = `${type}:${this.#parts.filter((earlier) => earlier.type === type).length}`;
      this.#insert(type === 'reasoning' ? this.#step : this.#parts.length, { type, id, text });
    }
  }

  call({ toolCallId, toolName }: Call, params: unknown): void {
    const id = `tool:${toolCallId}`;
    this.#insert(this.#parts.length, { type: 'tool', id, toolCallId, toolName, params, state: 'calling' });
  }

  data({ toolCallId, toolName }: Call, data: unknown): DataPart {
    const mine = (part: MessagePart): boolean => 'toolCallId' in part && part.toolCallId === toolCallId;
    const last = this.#parts.findLastIndex(mine);
    const at = last < 0 ? this.#parts.length : last + 1;
    const count = this.#parts.filter((part) => part.type === 'data' && mine(part)).length;
    const part: DataPart = { type: 'data', id: `data:${toolCallId}:${count}`, toolCallId, toolName, data };
    this.#insert(at, part);
    return part;
  }

  answer(toolCallId: string, result: unknown, error: ToolFailure | undefined): void {
    this.#change(toolCallId, error === undefined ? { state: 'done', result } : { state: 'failed', error });
  }

  /** Ends the answer: calls without a result get none. */
  end(): void {
    for (const part of this.#parts) {
      if (part.type === 'tool' && part.state !== 'done' && part.state !== 'failed') {
        this.#change(part.toolCallId, { state: 'failed' });
      }
    }
  }

  /** Sets whether the call waits for a decision. */
  #wait(toolCallId: string, isWaiting: boolean): void {
    this.#change(toolCallId, { state: isWaiting ? 'waiting_approval' : 'calling' });
  }

  #insert(at: number, part: MessagePart): void {
    this.#parts = [...this.#parts.slice(0, at), part, ...this.#parts.slice(at)];
  }

  #change(toolCallId: string, change: Partial<ToolPart>): void {
    this.#parts = this.#parts.map((part) =>
      part.type === 'tool' && part.toolCallId === toolCallId ? { ...part, ...change } : part,
    );
  }
}
