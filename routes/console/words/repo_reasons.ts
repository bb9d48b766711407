/** Why a sync failed: what that means, and what to do about it, by the API's stable words. */

export const en = {
  unreachable: {
    what: "The server does not answer",
    todo: "Check the address, and that the server can be reached from Chartroom.",
  },
  timeout: {
    what: "The server is too slow",
    todo: "The index did not come in time. Chartroom tries again by itself; if it stays so, look " +
      "at the server and what is between.",
  },
  status: {
    what: "The server answers with an error",
    todo: "Check that there is an index.yaml below this address, and the server's own log.",
  },
  unauthorized: {
    what: "The server does not let Chartroom in",
    todo: "Give this repository the right user name and password, or client certificate.",
  },
  redirect: {
    what: "The server sends Chartroom somewhere else",
    todo: "Register the address where the index is in the end.",
  },
  blocked: {
    what: "Chartroom may not call this address",
    todo: "It is private, or its port is not allowed. An administrator can allow it with " +
      "CHARTROOM_ALLOW_UPSTREAM.",
  },
  unsupported_url: {
    what: "This kind of address is not supported",
    todo: "Use an address that begins with http://, https:// or s3://.",
  },
  too_large: {
    what: "The index is too large",
    todo: "Take old versions out of it, or split the repository in two.",
  },
  empty: {
    what: "The index is an empty file",
    todo: "Publish it anew, as `helm repo index` writes it.",
  },
  html: {
    what: "The answer is a web page, not an index",
    todo: "Register the address of the chart repository, below which index.yaml is.",
  },
  login_page: {
    what: "The server shows a page to log in",
    todo: "Give this repository a credential, or ask for an address that needs none.",
  },
  encoding: {
    what: "The index is not encoded as its server says",
    todo: "Look at the server's compression, and that the file is UTF-8.",
  },
  truncated: {
    what: "The index ends in the middle",
    todo: "Its server or a proxy cut it off. Chartroom tries again by itself.",
  },
  syntax: {
    what: "The index is not valid YAML",
    todo: "The message says where. Publish it anew, as `helm repo index` writes it.",
  },
  no_api_version: {
    what: "The index has no apiVersion",
    todo: "Publish it anew, as `helm repo index` writes it.",
  },
  not_an_index: {
    what: "The file is not a Helm index",
    todo: "Check that the address is that of a chart repository.",
  },
  too_many_charts: {
    what: "The index has too many charts",
    todo: "Split the repository, or take old charts out of it.",
  },
  shrink: {
    what: "The new index lost most of what there was",
    todo: "It may have been broken for a moment, so the old one is still served. If it is meant " +
      "so, accept it below.",
  },
  credential_unreadable: {
    what: "The stored credential cannot be read",
    todo: "The key that sealed it is not there any more. Enter the credential again.",
  },
  internal: {
    what: "Chartroom failed on this index",
    todo: "This is a fault of Chartroom. Its log says more.",
  },
};

export const zh: typeof en = {
  unreachable: {
    what: "服务器没有响应",
    todo: "请检查地址,并确认 Chartroom 可以访问该服务器。",
  },
  timeout: {
    what: "服务器响应过慢",
    todo: "索引未能及时下载。Chartroom 会自动重试;如果持续出现,请检查服务器及中间网络。",
  },
  status: {
    what: "服务器返回了错误",
    todo: "请确认该地址下有 index.yaml,并查看服务器日志。",
  },
  unauthorized: {
    what: "服务器拒绝了访问",
    todo: "请为此仓库填写正确的用户名和密码,或客户端证书。",
  },
  redirect: {
    what: "服务器将请求重定向到了别处",
    todo: "请填写索引最终所在的地址。",
  },
  blocked: {
    what: "不允许 Chartroom 访问此地址",
    todo: "该地址是私有地址,或端口不被允许。管理员可通过 CHARTROOM_ALLOW_UPSTREAM 放行。",
  },
  unsupported_url: {
    what: "不支持此类地址",
    todo: "请使用以 http://、https:// 或 s3:// 开头的地址。",
  },
  too_large: {
    what: "索引过大",
    todo: "请从中移除旧版本,或将仓库拆分。",
  },
  empty: {
    what: "索引是空文件",
    todo: "请用 `helm repo index` 重新生成并发布。",
  },
  html: {
    what: "返回的是网页,而不是索引",
    todo: "请填写 index.yaml 所在的应用仓库地址。",
  },
  login_page: {
    what: "服务器返回了登录页面",
    todo: "请为此仓库填写凭证,或改用无需登录的地址。",
  },
  encoding: {
    what: "索引的编码与服务器声明的不符",
    todo: "请检查服务器的压缩设置,并确认文件为 UTF-8 编码。",
  },
  truncated: {
    what: "索引不完整",
    todo: "索引被服务器或代理截断。Chartroom 会自动重试。",
  },
  syntax: {
    what: "索引不是有效的 YAML",
    todo: "错误位置见消息。请用 `helm repo index` 重新生成并发布。",
  },
  no_api_version: {
    what: "索引缺少 apiVersion",
    todo: "请用 `helm repo index` 重新生成并发布。",
  },
  not_an_index: {
    what: "该文件不是 Helm 索引",
    todo: "请确认地址是应用仓库的地址。",
  },
  too_many_charts: {
    what: "索引中的 Chart 过多",
    todo: "请拆分仓库,或移除旧的 Chart。",
  },
  shrink: {
    what: "新索引丢失了大部分内容",
    todo: "索引可能只是暂时损坏,因此仍在使用旧索引。如果确实如此,请在下方接受新索引。",
  },
  credential_unreadable: {
    what: "无法读取已保存的凭证",
    todo: "加密它的密钥已不存在,请重新填写凭证。",
  },
  internal: {
    what: "Chartroom 处理此索引时出错",
    todo: "这是 Chartroom 自身的问题,详情见其日志。",
  },
};
