/** Why an archive cannot be used; stable names, part of the API. */
export type ArchiveFault =
  | "not_gzip"
  | "not_tar"
  | "too_large"
  | "too_many_entries"
  | "not_a_file"
  | "name"
  | "empty";

/** An archive that cannot be used. The message says what was expected instead. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";

  constructor(readonly reason: ArchiveFault, message: string) {
    super(message);
  }
}
