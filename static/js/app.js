// What every page has: appearance, menus, dialogs, keys, toasts, live parts and what stays in them.
import { watchAppearance } from "./appearance.js";
import { watchDialogs } from "./dialogs.js";
import { watchEvents } from "./events.js";
import { watchKeys } from "./keys.js";
import { watchLive } from "./live.js";
import { watchMenus } from "./menus.js";
import { watchRenewal } from "./renewal.js";
import { watchSession } from "./session.js";
import { watchToasts } from "./toasts.js";
import { watchTray } from "./tray.js";
import { watchUploads } from "./upload.js";

watchAppearance();
watchDialogs();
watchKeys();
watchLive();
watchMenus();
watchRenewal();
watchSession();
watchToasts();
watchUploads();
watchTray();
watchEvents();
