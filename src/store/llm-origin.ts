/** The model that made a message. */
export interface LlmOrigin {
  /** `vendor` of the `LlmProvider`. */
  readonly vendor: string;
  /** `server` of the `LlmProvider`. */
  readonly server?: string | undefined;
  /** Absent if the provider names no model. */
  readonly model?: string | undefined;
}
