/** Codes of refused requests; stable names, part of the API. */
export type RefusalCode =
  | "invalid_field"
  | "unknown_field"
  | "invalid_conditions"
  | "name_taken"
  | "conflict"
  | "not_found"
  | "forbidden"
  | "unauthorized"
  | "misdirected"
  | "quota_exceeded"
  | "rate_limited"
  | "uri_too_long"
  | "headers_too_large"
  | "index_unusable"
  | "no_archive"
  | "archive_unavailable"
  | "archive_unusable"
  | "no_icon"
  | "icon_unavailable"
  | "icon_unusable"
  | "no_readme"
  | "body_too_large"
  | "unsupported_media_type"
  | "method_not_allowed"
  | "not_implemented"
  | "unavailable";

/** A request that cannot be granted. The message is for the caller and names what was expected. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(
    readonly code: RefusalCode,
    message: string,
    /** The field, parameter or variable that is meant. */
    readonly field?: string,
    /** More members of the answer. */
    readonly extra: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** Who asks for too much at once, or too often. */
export class RateLimited extends Refused {
  constructor(
    message: string,
    /** Milliseconds after which it may be tried again. */
    readonly waitMs: number,
    /** What there is: so many units at once, and so many in a second after that. */
    readonly rate: { readonly name: string; readonly perSecond: number; readonly burst: number },
  ) {
    super("rate_limited", message);
  }
}

/** A value of a request that is not what it should be. */
export function invalid(field: string, expected: string): Refused {
  return new Refused("invalid_field", `${field}: expected ${expected}`, field);
}

/** A field that a request must not have. */
export function unknownField(field: string, known: readonly string[]): Refused {
  const message = `${field}: unknown, expected one of ${known.join(", ")}`;
  return new Refused("unknown_field", message, field);
}
