/** Whether a repository's URL and what is sealed beside it go together, before anything is called. */

import { invalid } from "../refused.ts";
import type { Egress } from "../sources/egress.ts";
import { isS3, placeOf } from "../sources/place.ts";
import { S3UrlError } from "../sources/s3.ts";
import type { Credential } from "../sources/source.ts";
import { accessOf, type SealedTexts } from "./sealed.ts";
import { checkPair } from "./tls_input.ts";

/** Tells who will be called, with the port, or throws a `Refused` that names the field that is wrong. */
export function checkSource(egress: Egress, url: string, texts: SealedTexts): string {
  const { credential } = accessOf(texts);
  if (credential !== undefined) checkKind(url, credential);
  const place = placeUrl(url, credential);
  const objection = egress.objection(place);
  if (objection !== undefined) {
    throw invalid("url", `an address that Chartroom may call, but ${objection}`);
  }
  const { client_certificate: certificate, client_key: key } = texts;
  if (certificate !== undefined && key !== undefined) checkPair(certificate, key);
  else if (certificate !== undefined) throw invalid("client_key", "the key of client_certificate");
  else if (key !== undefined) throw invalid("client_certificate", "the certificate of client_key");
  return place.host;
}

function checkKind(url: string, credential: Credential) {
  if (isS3(url) && "username" in credential) {
    throw invalid("credential", '{"accessKeyID":"...","secretAccessKey":"..."} for an s3 URL');
  }
  if (!isS3(url) && !("username" in credential)) {
    throw invalid("credential", '{"username":"...","password":"..."} for an http or https URL');
  }
}

function placeUrl(url: string, credential: Credential | undefined): URL {
  try {
    return placeOf(url, credential).url;
  } catch (error) {
    if (!(error instanceof S3UrlError)) throw error;
    throw invalid("url", error.message);
  }
}
