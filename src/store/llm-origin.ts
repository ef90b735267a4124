/** Which model made a message. */
export interface LlmOrigin {
  /** `vendor` of the `LlmProvider`. */
  readonly vendor: string;
  /** `server` of the `LlmProvider`. */
  readonly server?: string | undefined;
  /** Absent where the provider names none. */
  readonly model?: string | undefined;
}
