export const en = {
  title: "repos",
};

export const zh: typeof en = {
  title: "repos",
};
