// What every page has: appearance, menus, dialogs, keys, toasts, live parts.
import { watchAppearance } from "./appearance.js";
import { watchDialogs } from "./dialogs.js";
import { watchKeys } from "./keys.js";
import { watchLive } from "./live.js";
import { watchMenus } from "./menus.js";
import { watchToasts } from "./toasts.js";

watchAppearance();
watchDialogs();
watchKeys();
watchLive();
watchMenus();
watchToasts();
