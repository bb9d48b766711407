/** Words of the page to sign in. */

export const en = {
  title: "Sign in",
  lede: "Chartroom asks for a token. The administrator of your workspace creates one for you.",
  token: "Token",
  tokenHint: "It begins with crt_. It is exchanged for a session, and not kept in the browser.",
  submit: "Sign in",
  wrong: "This token does not work. It may have been revoked, or have expired.",
  wait: (time: string) => `Too many attempts from here did not work. Try again in ${time}.`,
  without: "Go on without signing in",
  as: (name: string) => `Go on as ${name}`,
  empty: "Paste your token here.",
  signedOut: "You are signed out.",
  openTitle: "Nobody needs to sign in",
  open: "This Chartroom is open to everybody on this machine, since no token was configured.",
  secureHint:
    "Browsers keep the session only on https://, or on this machine (localhost). Use one of these.",
};

export const zh: typeof en = {
  title: "登录",
  lede: "Chartroom 需要令牌。您的企业空间管理员可以为您创建。",
  token: "令牌",
  tokenHint: "以 crt_ 开头。它会换成一个会话，不会保存在浏览器中。",
  submit: "登录",
  wrong: "此令牌无效，可能已被吊销或已过期。",
  wait: (time) => `来自此处的失败尝试过多，请在 ${time}后重试。`,
  without: "不登录，继续浏览",
  as: (name) => `以 ${name} 的身份继续`,
  empty: "请在此粘贴您的令牌。",
  signedOut: "您已退出登录。",
  openTitle: "无需登录",
  open: "由于未配置令牌，本机上的所有人都可以使用此 Chartroom。",
  secureHint: "浏览器只会在 https:// 或本机（localhost）上保存会话，请使用其中之一。",
};
