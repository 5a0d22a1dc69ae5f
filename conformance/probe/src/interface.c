#include "interface.h"

#include <linux/capability.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Whether an address is in the subnet of an interface. */
static int is_near(int asking, const char *name, struct in_addr address)
{
    struct ifreq of_interface = {0}, of_subnet;

    strncpy(of_interface.ifr_name, name, sizeof of_interface.ifr_name - 1);
    of_subnet = of_interface;
    if (ioctl(asking, SIOCGIFADDR, &of_interface) || ioctl(asking, SIOCGIFNETMASK, &of_subnet))
        return 0;
    in_addr_t mask = ((struct sockaddr_in *)(void *)&of_subnet.ifr_netmask)->sin_addr.s_addr;
    return !((((struct sockaddr_in *)(void *)&of_interface.ifr_addr)->sin_addr.s_addr ^ address.s_addr) & mask);
}

int interface_find(struct in_addr address, unsigned char mac[MAC_BYTES])
{
    int asking = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct if_nameindex *all = asking < 0 ? NULL : if_nameindex();
    int found = 0;

    for (struct if_nameindex *each = all; each && each->if_index && !found; each++) {
        struct ifreq request = {0};
        strncpy(request.ifr_name, each->if_name, sizeof request.ifr_name - 1);
        if (ioctl(asking, SIOCGIFFLAGS, &request) || !(request.ifr_flags & IFF_UP))
            continue;
        if (address.s_addr && !is_near(asking, each->if_name, address))
            continue;
        if (ioctl(asking, SIOCGIFHWADDR, &request) || request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
            continue;
        memcpy(mac, request.ifr_hwaddr.sa_data, MAC_BYTES);
        found = (int)each->if_index;
    }
    if (all)
        if_freenameindex(all);
    if (asking >= 0)
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
