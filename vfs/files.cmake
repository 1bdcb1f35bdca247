target_sources(permafrost_vfs PRIVATE
  call.cc file_system.cc recording_file_system.cc wrapping_file_system.cc)
