/* The peer that the mount is measured beside: libfuse's low-level interface in C, as plain as it can be. It shows an image as one file,
   /image, read and written straight in mapped memory, and keeps names that are made beside it in a table. */
#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IMAGE = 2, FIRST_NAME = 3, NAMES = 64, TTL = 3600 };

static char *memory;
static off_t length;
static char names[NAMES][256];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int fill(fuse_ino_t inode, struct stat *attributes)
{
    memset(attributes, 0, sizeof *attributes);
    attributes->st_ino = inode;
    attributes->st_nlink = 1;
    attributes->st_mode = inode == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644;
    attributes->st_size = inode == IMAGE ? length : 0;
    return inode == FUSE_ROOT_ID || inode == IMAGE || (inode >= FIRST_NAME && inode < FIRST_NAME + NAMES);
}

static fuse_ino_t find(const char *name)
{
    if (strcmp(name, "image") == 0)
        return IMAGE;
    for (int i = 0; i < NAMES; i++)
        if (strcmp(names[i], name) == 0)
            return FIRST_NAME + i;
    return 0;
}

static struct fuse_entry_param entry_of(fuse_ino_t inode)
{
    struct fuse_entry_param entry = { .ino = inode, .attr_timeout = TTL, .entry_timeout = TTL };
    fill(inode, &entry.attr);
    return entry;
}

static void lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    (void)parent;
    pthread_mutex_lock(&lock);
    fuse_ino_t inode = find(name);
    pthread_mutex_unlock(&lock);
    if (!inode) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    struct fuse_entry_param entry = entry_of(inode);
    fuse_reply_entry(request, &entry);
}

static void get_attributes(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
    (void)file;
    struct stat attributes;
    if (fill(inode, &attributes))
        fuse_reply_attr(request, &attributes, TTL);
    else
        fuse_reply_err(request, ENOENT);
}

static void open_file(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
    (void)inode;
    file->direct_io = 1;
    file->noflush = 1;
    fuse_reply_open(request, file);
}

static void create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *file)
{
    (void)parent;
    (void)mode;
    int slot = -1;
    pthread_mutex_lock(&lock);
    for (int i = 0; slot < 0 && i < NAMES; i++)
        if (!names[i][0])
            snprintf(names[slot = i], sizeof names[i], "%s", name);
    pthread_mutex_unlock(&lock);
    if (slot < 0) {
        fuse_reply_err(request, ENOSPC);
        return;
    }
    struct fuse_entry_param entry = entry_of(FIRST_NAME + slot);
    file->direct_io = 1;
    file->noflush = 1;
    fuse_reply_create(request, &entry, file);
}

static void unlink_name(fuse_req_t request, fuse_ino_t parent, const char *name)
{
    (void)parent;
    pthread_mutex_lock(&lock);
    fuse_ino_t inode = find(name);
    if (inode >= FIRST_NAME)
        names[inode - FIRST_NAME][0] = 0;
    pthread_mutex_unlock(&lock);
    fuse_reply_err(request, inode >= FIRST_NAME ? 0 : inode ? EPERM : ENOENT);
}

static void read_file(fuse_req_t request, fuse_ino_t inode, size_t size, off_t offset, struct fuse_file_info *file)
{
    (void)file;
    off_t end = inode == IMAGE ? length : 0;
    if (offset >= end)
        fuse_reply_buf(request, 0, 0);
    else
        fuse_reply_buf(request, memory + offset, offset + (off_t)size > end ? (size_t)(end - offset) : size);
}

static void write_file(fuse_req_t request, fuse_ino_t inode, const char *bytes, size_t size, off_t offset, struct fuse_file_info *file)
{
    (void)file;
    if (inode != IMAGE || offset + (off_t)size > length) {
        fuse_reply_err(request, ENOSPC);
        return;
    }
    memcpy(memory + offset, bytes, size);
    fuse_reply_write(request, size);
}

static void release(fuse_req_t request, fuse_ino_t inode, struct fuse_file_info *file)
{
    (void)inode;
    (void)file;
    fuse_reply_err(request, 0);
}

static const struct fuse_lowlevel_ops operations = {
    .lookup = lookup, .getattr = get_attributes, .open = open_file, .create = create, .unlink = unlink_name,
    .read = read_file, .write = write_file, .release = release,
};

int main(int count, char **words)
{
    if (count != 4) {
        fprintf(stderr, "usage: peer -f DIRECTORY IMAGE\n");
        return 2;
    }
    int image = open(words[3], O_RDWR | O_CLOEXEC);
    struct stat attributes;
    if (image < 0 || fstat(image, &attributes) < 0) {
        perror(words[3]);
        return 1;
    }
    length = attributes.st_size;
    memory = mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, image, 0);
    char *mount_words[] = { words[0], "-odefault_permissions,fsname=peer", 0 };
    struct fuse_args arguments = FUSE_ARGS_INIT(2, mount_words);
    struct fuse_session *session = fuse_session_new(&arguments, &operations, sizeof operations, 0);
    if (memory == MAP_FAILED || !session || fuse_set_signal_handlers(session) || fuse_session_mount(session, words[2]))
        return 1;
    struct fuse_loop_config *config = fuse_loop_cfg_create();
    int result = fuse_session_loop_mt(session, config);
    fuse_session_unmount(session);
    fuse_session_destroy(session);
    return result ? 1 : 0;
}
