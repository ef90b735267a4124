/**
 * A `traceparent` of version 00, and one of a later version in the same form: neither id consists of zeros only (W3C Trace
 * Context, section 3.2.2).
 */
export const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;
