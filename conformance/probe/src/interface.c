#include "interface.h"

#include <linux/capability.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* How many are looked at; those without an address are not listed. */
#define INTERFACES 16

/* Whether an address is in the subnet of an interface, which is listed with its own. */
static int is_near(int asking, struct ifreq interface, struct in_addr address)
{
    in_addr_t own = ((struct sockaddr_in *)(void *)&interface.ifr_addr)->sin_addr.s_addr;
    if (ioctl(asking, SIOCGIFNETMASK, &interface))
        return 0;
    return !((own ^ address.s_addr) & ((struct sockaddr_in *)(void *)&interface.ifr_netmask)->sin_addr.s_addr);
}

int interface_find(struct in_addr address, unsigned char mac[MAC_BYTES])
{
    struct ifreq all[INTERFACES];
    struct ifconf list = {.ifc_len = sizeof all, .ifc_req = all};
    int asking = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int found = 0;

    if (asking < 0)
        return 0;
    if (ioctl(asking, SIOCGIFCONF, &list))
        list.ifc_len = 0;
    for (struct ifreq *each = all; each < all + list.ifc_len / (int)sizeof *each && !found; each++) {
        struct ifreq request = *each;
        if (address.s_addr && !is_near(asking, *each, address))
            continue;
        if (ioctl(asking, SIOCGIFHWADDR, &request) || request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
            continue;
        memcpy(mac, request.ifr_hwaddr.sa_data, MAC_BYTES);
        if (!ioctl(asking, SIOCGIFINDEX, &request))
            found = request.ifr_ifindex;
    }
    close(asking);
    return found;
}

void capabilities_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    /* It cannot fail: a process may always have fewer. */
    syscall(SYS_capset, &header, none);
}
