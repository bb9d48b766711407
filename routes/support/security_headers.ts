/** Headers of every answer: what browsers may do with it. */

import { secureHeaders } from "hono/secure-headers";

/** `strictTransport`: browsers are to come by TLS alone, for a year. */
export function securityHeaders(strictTransport: boolean) {
  return secureHeaders({
    // What comes from a chart has a policy of its own.
    overwrite: false,
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
    // Of this host alone: what is below it is somebody else's to say.
    strictTransportSecurity: strictTransport && "max-age=31536000",
    // What they say the policy above says, or no browser has asked for in years; each costs time.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xFrameOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
  });
}
