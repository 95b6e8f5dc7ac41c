/** How this phone is, as it tells the server with each push and pull: for the supervisor's desk. */
import type { PhoneReport } from "../api/wire";
import { phoneId } from "../db/meta";
import type { UserDatabase } from "../db/schema";
import { unsentCount } from "../db/unsent";
import { isoNow } from "./context";

export async function phoneReport(db: UserDatabase): Promise<Required<PhoneReport>> {
  const [id, unsent, space] = await Promise.all([phoneId(db), unsentCount(db), db.getMeta("space")]);
  return {
    phone_id: id,
    device_time: isoNow(),
    unsent: { records: unsent.records, photos: unsent.photos + unsent.lost, lost: unsent.lost },
    app_version: __APP_VERSION__,
    storage: space
      ? {
          used_bytes: Math.round(space.used_bytes),
          quota_bytes: Math.round(space.quota_bytes),
          persisted: space.persisted,
        }
      : null,
  };
}
