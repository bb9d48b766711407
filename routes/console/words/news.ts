export const en = {
  title: "news",
};

export const zh: typeof en = {
  title: "news",
};
