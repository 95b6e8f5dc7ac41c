/** The small counts on the bottom bar; the stores over the phone's database keep them right. */
class Badges {
  openItems = $state(0);
  unsent = $state(0);
}

export const badges = new Badges();
