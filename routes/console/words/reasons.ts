/** Why an index could not be had or used, by the API's stable words: in short, and what to do. */

import type { IndexErrorReason } from "../../../src/helm/index_error.ts";

type Reasons = Readonly<Record<IndexErrorReason, { short: string; todo: string }>>;

export const en: Reasons = {
  unreachable: {
    short: "The host cannot be reached",
    todo: "Check the host and the port, and whether Chartroom's network leads there.",
  },
  timeout: {
    short: "The host took too long",
    todo: "Try again later; if it stays so, ask who runs the repository.",
  },
  status: {
    short: "The host answered with an error",
    todo: "Open the URL with /index.yaml at its end: it must show an index.",
  },
  unauthorized: {
    short: "The host wants other credentials",
    todo: "Check the user name and password, or the keys, and what they may read.",
  },
  redirect: {
    short: "The host led elsewhere",
    todo: "Enter the address that it leads to, if you trust it.",
  },
  blocked: {
    short: "Chartroom may not call this address",
    todo: "It is private, or reserved. An administrator can allow it (CHARTROOM_ALLOW_UPSTREAM).",
  },
  unsupported_url: {
    short: "The address is of no kind that can be loaded",
    todo: "Use an http, https or s3 address.",
  },
  too_large: {
    short: "The index is too large",
    todo: "Split the repository, or let an administrator raise the limit.",
  },
  empty: { short: "The index is empty", todo: "Check whether the path is that of a repository." },
  html: {
    short: "There is a web page, not an index",
    todo: "Enter the address that you would give to helm repo add, not that of a page about it.",
  },
  login_page: {
    short: "There is a page to sign in, not an index",
    todo: "The repository wants credentials: enter them in its form.",
  },
  encoding: {
    short: "The index is not written in UTF-8",
    todo: "Ask who runs the repository to make it anew with helm repo index.",
  },
  truncated: {
    short: "The index ends in the middle",
    todo: "The connection may have been cut: try again.",
  },
  syntax: {
    short: "The index is not valid YAML",
    todo: "Ask who runs the repository to make it anew with helm repo index.",
  },
  no_api_version: {
    short: "The index names no apiVersion",
    todo: "Ask who runs the repository to make it anew with helm repo index.",
  },
  not_an_index: {
    short: "There is a file, but no index of charts",
    todo: "Check whether the path is that of a repository.",
  },
  too_many_charts: {
    short: "The index has too many charts",
    todo: "Split the repository, or let an administrator raise the limit.",
  },
  shrink: {
    short: "The index lost most of what it had",
    todo: "If that is meant, accept the smaller index.",
  },
  credential_unreadable: {
    short: "The stored credentials cannot be read",
    todo: "Enter them again: the key that they were sealed with is gone.",
  },
  internal: { short: "Chartroom failed", todo: "Try again; its log says more." },
};

export const zh: Reasons = {
  unreachable: {
    short: "无法访问主机",
    todo: "请检查主机名和端口，以及 Chartroom 所在网络能否访问该地址。",
  },
  timeout: { short: "主机响应超时", todo: "请稍后重试；如仍超时，请联系应用仓库维护者。" },
  status: {
    short: "主机返回错误",
    todo: "请在浏览器中打开该 URL 加 /index.yaml，应能看到索引文件。",
  },
  unauthorized: {
    short: "主机拒绝了凭证",
    todo: "请检查用户名和密码（或密钥）及其读取权限。",
  },
  redirect: { short: "主机重定向到其他地址", todo: "如信任目标地址，请直接填写该地址。" },
  blocked: {
    short: "不允许 Chartroom 访问此地址",
    todo: "该地址是内部或保留地址。管理员可通过 CHARTROOM_ALLOW_UPSTREAM 允许访问。",
  },
  unsupported_url: {
    short: "不支持此类地址",
    todo: "请使用 http、https 或 s3 地址。",
  },
  too_large: { short: "索引文件过大", todo: "请拆分应用仓库，或请管理员提高上限。" },
  empty: { short: "索引为空", todo: "请检查路径是否为应用仓库的路径。" },
  html: {
    short: "该地址是网页，不是索引",
    todo: "请填写用于 helm repo add 的地址，而不是介绍页面的地址。",
  },
  login_page: { short: "该地址是登录页面，不是索引", todo: "应用仓库需要凭证，请在表单中填写。" },
  encoding: {
    short: "索引不是 UTF-8 编码",
    todo: "请应用仓库维护者使用 helm repo index 重新生成。",
  },
  truncated: { short: "索引不完整", todo: "连接可能中断，请重试。" },
  syntax: {
    short: "索引不是有效的 YAML",
    todo: "请应用仓库维护者使用 helm repo index 重新生成。",
  },
  no_api_version: {
    short: "索引缺少 apiVersion",
    todo: "请应用仓库维护者使用 helm repo index 重新生成。",
  },
  not_an_index: { short: "该文件不是应用索引", todo: "请检查路径是否为应用仓库的路径。" },
  too_many_charts: { short: "索引中的应用过多", todo: "请拆分应用仓库，或请管理员提高上限。" },
  shrink: { short: "索引丢失了大部分内容", todo: "如果属实，请接受变小的索引。" },
  credential_unreadable: {
    short: "无法读取已存储的凭证",
    todo: "请重新填写：用于加密的密钥已不存在。",
  },
  internal: { short: "Chartroom 出错", todo: "请重试；详情见日志。" },
};
