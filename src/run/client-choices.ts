/** What a query may choose for itself. Nothing, unless the operator says so; what else it asks for is `forbidden`. */
export interface ClientChoices {
  /**
   * Models a query may name.
   * @default []
   */
  models?: readonly string[];
  /**
   * Whether a query may set `temperature`.
   * @default false
   */
  temperature?: boolean;
  /**
   * Whether a query may narrow the tools the model sees to a subset.
   * @default false
   */
  tools?: boolean;
}
