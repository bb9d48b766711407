/** Why an index, or an archive, could not be had or used; stable names, part of the API. */
export type IndexErrorReason =
  | "unreachable"
  | "timeout"
  | "status"
  | "unauthorized"
  | "redirect"
  | "blocked"
  /** Of an archive alone. */
  | "unsupported_url"
  | "too_large"
  | "empty"
  | "html"
  | "login_page"
  | "encoding"
  | "truncated"
  | "syntax"
  | "no_api_version"
  | "not_an_index"
  | "too_many_charts"
  | "shrink"
  | "credential_unreadable"
  | "internal";

/** An index that cannot be used, or an archive that cannot be had. The message is for people and never holds a credential. */
export class IndexError extends Error {
  override readonly name = "IndexError";

  constructor(
    readonly reason: IndexErrorReason,
    message: string,
    /** How long the upstream asked not to be called, in milliseconds. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}
