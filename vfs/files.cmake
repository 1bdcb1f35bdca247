target_sources(permafrost_vfs PRIVATE call.cc file_system.cc)
