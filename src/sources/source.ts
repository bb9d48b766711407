/** What is asked of the place where indexes, archives and icons come from. */

/** What identifies an index at its source, to ask whether it has changed. */
export interface Validators {
  etag?: string;
  lastModified?: string;
}

/** Goes to the repository's own origin only. */
export type Credential = BasicCredential | S3Credential;

export interface BasicCredential {
  username: string;
  password: string;
}

/** Names are those of KubeSphere's credential. Without keys, requests are not signed. */
export interface S3Credential {
  accessKeyID?: string;
  secretAccessKey?: string;
  sessionToken?: string;
  /** Otherwise as the URL says. */
  region?: string;
  /** An `http` or `https` URL; otherwise as the URL says. */
  endpoint?: string;
}

/** PEM texts. Certificate and key prove who is calling, and go to the repository's own origin. */
export interface Tls {
  /** Trusted beside the authorities that are known anyway. */
  caBundle?: string;
  certificate?: string;
  key?: string;
}

/** Where a repository is, and how it is called. */
export interface Access {
  /** The repository's URL, without userinfo. */
  url: string;
  credential?: Credential;
  tls?: Tls;
}

export interface IndexRequest extends Access {
  /** Of the index that is known; the source may answer that it still holds. */
  validators?: Validators;
  /** Most decoded bytes. */
  maxBytes: number;
  signal?: AbortSignal;
  /** Told how many decoded bytes have come. */
  onBytes?: (total: number) => void;
}

/** `unchanged` only if validators were given. */
export type IndexAnswer =
  | { kind: "unchanged" }
  | {
    kind: "index";
    /** Decoded bytes as they come. */
    body: AsyncIterable<Uint8Array>;
    /** Ends the download if the body was not read; has to be called in any case. */
    leave(): Promise<void>;
    validators: Validators;
    /** Decoded bytes to come, where the upstream says so. */
    totalBytes?: number;
  };

/** Fetches an index, or throws an `IndexError` that says why it cannot, as the body does. */
export type FetchIndex = (request: IndexRequest) => Promise<IndexAnswer>;

/** Of a file that an index names. */
export interface FileRequest extends Access {
  what: "archive" | "icon";
  /** As the index names it: a URL, or a path from the index's folder on. */
  reference: string;
  /** Most bytes, as they come. */
  maxBytes: number;
  signal?: AbortSignal;
}

/** Fetches an archive or an icon whole, or throws an `IndexError` that says why it cannot. */
export type FetchFile = (request: FileRequest) => Promise<Uint8Array<ArrayBuffer>>;
