/** What stands at the head of the document: what it is about, where it is, who may ask. */

export const INFO = {
  title: "Chartroom",
  summary: "Helm chart repositories, kept at hand.",
  description: "Register a repository's URL; Chartroom downloads its index, keeps it, answers " +
    "which apps and versions it has from memory, and syncs it on a schedule, on webhooks and on " +
    "demand. The API has the paths, parameters and keys of KubeSphere's Helm repositories, and " +
    "more.\n\nAll paths stand below each of the servers. A repository and its apps are seen on " +
    "the paths of its own workspace and on those without one; a global repository's on all of " +
    "them. Names of a body's members are in any case, and what a query has besides is ignored. " +
    "Errors are problems as RFC 9457 has them, with a stable `code`.",
  license: { name: "Apache-2.0", identifier: "Apache-2.0" },
};

/** Below which stand the paths of one workspace, like those of all. */
export const IN_WORKSPACE = "/workspaces/{workspace}";

/** Below which the paths stand. */
export const SERVERS = [
  { url: "/v1", description: "Chartroom's own base." },
  { url: "/kapis/openpitrix.io/v1", description: "The base that KubeSphere's clients know." },
] as const;

export const TAGS = [
  { name: "Repositories", description: "Where charts come from: registered, changed, deleted." },
  { name: "Syncs", description: "Syncs on demand, and what each sync left behind." },
  {
    name: "Webhooks",
    description: "Others announce that a repository has something new, and prove that they may.",
  },
  { name: "Apps", description: "The charts of all repositories: lists, searches, news." },
  { name: "Versions", description: "The versions of an app, and the one to take." },
  { name: "Categories", description: "What charts name as their category, with apps counted." },
  { name: "Access", description: "Who is let in, and who is asking." },
  { name: "Service", description: "For who runs Chartroom, and for who reads about it." },
  {
    name: "Not here",
    description: "What KubeSphere has beside repositories: an app store, where apps are uploaded " +
      "and reviewed, and releases in clusters. Chartroom does neither, and answers 501.",
  },
] as const;

const secretIn = (name: string, description: string) => ({
  type: "apiKey",
  in: "header",
  name,
  description,
});
const hmac = "The HMAC-SHA256 of the raw body with the webhook's secret, in hexadecimal";

export const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "A token `crt_...` that Chartroom made, its administrator's, or a JWT of the " +
      "OIDC issuer that it trusts. Reading needs none where anonymous reading is on, and nothing does " +
      "where Chartroom has no token and listens on loopback alone.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-chartroom",
    description:
      "A browser's session, which `POST /session` begins. A change that is made with it " +
      "has `Sec-Fetch-Site: same-origin`, or an `Origin` with the host that is asked, as browsers " +
      "send them; 403 otherwise. `Authorization` comes before it.",
  },
  hubSignature: secretIn("X-Hub-Signature-256", `${hmac}, after \`sha256=\`.`),
  giteaSignature: secretIn("X-Gitea-Signature", `${hmac}.`),
  forgejoSignature: secretIn("X-Forgejo-Signature", `${hmac}.`),
  gitlabToken: secretIn("X-Gitlab-Token", "The webhook's secret."),
  webhookSecret: {
    type: "http",
    scheme: "bearer",
    description: "The webhook's secret as a bearer token.",
  },
  webhookHeader: secretIn("Authorization", "The webhook's secret alone, as Harbor sends it."),
};
